//! H.264, WebRTC, and the data that travels inside each picture.
