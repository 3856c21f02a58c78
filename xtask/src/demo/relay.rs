//! The relay as a process that can die and come back.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// A relay process on one directory and one address.
pub(super) struct Relay {
    binary: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    process: Arc<Mutex<Option<Child>>>,
    sabotage: Option<String>,
}

impl Relay {
    /// Makes a relay's directory and chooses an address for it.
    pub(super) fn init(binary: &Path, dir: &Path, sabotage: Option<&str>) -> Result<Self> {
        let data = dir.join("relay");
        let status = Command::new(binary)
            .args(["init", "--name", "Contoh Jawa Timur", "--data"])
            .arg(&data)
            .arg("--recovery-out")
            .arg(dir.join("recovery.txt"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "sambung-relay init failed ({status})");
        // The listener is dropped at once; the relay takes the port again after every death.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let sabotage = sabotage.map(str::to_owned);
        Ok(Relay { binary: binary.to_owned(), data, address, process: Arc::default(), sabotage })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the process and waits until it listens.
    pub(super) fn start(&self) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.arg("serve").arg("--data").arg(&self.data).args(["--listen", &self.address.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("the relay cannot be started")?;
        let stdout = child.stdout.take().context("the relay has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if !line.starts_with("listening ") {
            bail!("the relay did not come up: {line}");
        }
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        Ok(())
    }

    /// Something that kills the process at once, from any thread.
    pub(super) fn killer(&self) -> impl FnOnce() + Send + 'static {
        let process = Arc::clone(&self.process);
        move || kill(&process)
    }

    /// Ends the process.
    pub(super) fn stop(&self) {
        kill(&self.process);
    }

    /// Leaves the process running when the demo ends; its id.
    pub(super) fn leave_running(&self) -> Option<u32> {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        process.map(|process| process.id())
    }

    /// A copy of the relay's directory as it lies there; the process must be stopped.
    pub(super) fn image(&self) -> Result<PathBuf> {
        let image = self.data.with_extension("image");
        copy(&self.data, &image)?;
        Ok(image)
    }

    /// Puts an image in the place of the relay's directory.
    pub(super) fn put_back(&self, image: &Path) -> Result<()> {
        std::fs::remove_dir_all(&self.data)?;
        copy(image, &self.data)
    }

    /// Makes an empty relay from the recovery file; from now on this is the relay.
    pub(super) fn replace(&mut self) -> Result<()> {
        let recovery = self.data.with_file_name("recovery.txt");
        let recovery = recovery.to_str().context("a path that is no text")?.to_owned();
        self.data = self.data.with_file_name("relay-2");
        self.run(&["init", "--recover", &recovery]).map(drop)
    }

    /// Every byte in the relay's directory.
    pub(super) fn files(&self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.data)? {
            let path = entry?.path();
            if path.is_file() {
                all.extend(std::fs::read(&path)?);
            }
        }
        Ok(all)
    }

    /// What `sambung-relay` prints for a command on this relay's data.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(&self.data).stdin(Stdio::null());
        command.env_remove("SAMBUNG_SABOTAGE");
        if let Some(promise) = &self.sabotage {
            command.env("SAMBUNG_SABOTAGE", promise);
        }
        let output = command.output()?;
        if !output.status.success() {
            bail!(
                "sambung-relay {} failed: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Copies the files of a directory, with the modes that the relay asks for.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// SIGKILL, as a power cut would: the process gets no chance to tidy up.
fn kill(process: &Mutex<Option<Child>>) {
    if let Some(mut child) = process.lock().unwrap_or_else(PoisonError::into_inner).take()
        && child.kill().is_ok()
        && child.wait().is_err()
    {
        eprintln!("the relay could not be waited for");
    }
}
