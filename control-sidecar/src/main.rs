//! The one executable; its subcommands are the roles.
fn main() {}
