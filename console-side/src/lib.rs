//! The specialist's console: what it knows, how it looks, and the window that shows it.
//!
//! [`model::Model`] reduces events to what is known; [`view::View::show`] draws `&Model` and returns intents; [`window::Window`]
//! is the shell that carries both between a window and the rest of the program. Neither model nor view does input or
//! output or reads a clock: time is an argument. The console never decides a limit; it shows the cart's.
#![forbid(unsafe_code)]

pub mod address;
pub mod demo;
pub mod exam;
pub mod handles;
pub mod headless;
pub mod model;
pub mod results;
pub mod settings;
pub mod theme;
pub mod view;
pub mod window;
pub mod words;
