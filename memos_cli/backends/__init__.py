"""What fills the ports. Nobody imports a backend: `plugins` resolves its name."""
