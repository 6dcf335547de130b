//! spotlight-renderer
