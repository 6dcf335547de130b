//! Drawings as PNG pictures, with fonts that come along.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb::Database};

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// The drawing is not SVG that can be painted.
    #[error("the drawing cannot be painted: {0}")]
    Drawing(String),
    /// The picture would have no size, or too much of it.
    #[error("a picture cannot be {0} by {1} pixels")]
    Size(u32, u32),
}

/// A picture of a larger size is not painted.
const MOST_PIXELS: u32 = 4096;

/// Sans-serif fonts with the letters of European languages.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(include_bytes!("../../assets/fonts/DejaVuSans.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../../assets/fonts/DejaVuSans-Bold.ttf").to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    Arc::new(fonts)
});

/// An SVG document as a PNG picture, `scale` pixels for each of its own.
///
/// # Errors
/// When it is not SVG or has no sensible size.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PictureError> {
    let failed = |reason: String| PictureError::Drawing(reason);
    let options = Options {
        fontdb: FONTS.clone(),
        font_family: "DejaVu Sans".to_owned(),
        // nothing is fetched for a picture
        resources_dir: None,
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    if width > MOST_PIXELS || height > MOST_PIXELS {
        return Err(PictureError::Size(width, height));
    }
    let mut pixels = Pixmap::new(width, height).ok_or(PictureError::Size(width, height))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(error.to_string()))
}
