//! Whole-system tests: the real programs over real sockets, and the rules of the house.

mod house;
