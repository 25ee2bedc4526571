"""The stack on one machine: a real Valkey, a real S3 server and the stage workers, as supervised child processes."""
