//! Whole-system tests: the real programs over real sockets, and the rules of the house.

mod bedside;
mod exam;
mod figures;
mod harness;
mod hostile;
mod house;
mod identities;
mod lease;
mod lost_cart;
mod lost_console;
mod networks;
mod rough;
mod scripts;
mod stop;
