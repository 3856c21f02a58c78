//! Whether the relay is coming to its end: told once, heard by everybody who asks.

use tokio::sync::watch;

/// The relay's end, as it is told from one place to all others.
#[derive(Debug, Clone)]
pub struct Ending(watch::Sender<bool>);

impl Default for Ending {
    fn default() -> Self {
        Ending(watch::Sender::new(false))
    }
}

impl Ending {
    /// Says that the end has begun. It is not taken back.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether the end has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the end has begun.
    pub async fn begun(&self) {
        // It fails where nobody is left to begin it, and this is somebody.
        drop(self.0.subscribe().wait_for(|begun| *begun).await);
    }
}
