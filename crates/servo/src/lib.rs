//! The cart's 1 kHz step: newest command, control law, gate, setpoint.
