//! The binary `sambung`.

fn main() -> std::process::ExitCode {
    sambung::main()
}
