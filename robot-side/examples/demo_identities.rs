//! Makes demo identities in a folder, to try `farprobe-cart --demo` by hand:
//! `cargo run -p farprobe-cart --example demo_identities FOLDER`.

use std::error::Error;
use std::path::PathBuf;
use std::time::SystemTime;

use farprobe_transport::identity::create_demo;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("name the folder to make them in")?;
    let made = create_demo(&folder, SystemTime::now())?;
    println!("cart: {}\noperator: {}", made.cart_folder.display(), made.operator_folder.display());
    Ok(())
}
