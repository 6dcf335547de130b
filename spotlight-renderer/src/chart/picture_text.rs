//! Texts inside of PNG pictures (iTXt chunks, as the PNG specification has them, section 11.3.4.5).

/// The signature of a picture and its first chunk, which has a fixed size: texts come after it.
const HEAD: usize = 8 + 4 + 4 + 13 + 4;

/// A picture with texts by keyword, such as `Title` or `Source`. What is no PNG picture stays as it is.
pub fn with_texts(picture: Vec<u8>, texts: &[(&str, &str)]) -> Vec<u8> {
    if picture.len() < HEAD || !picture.starts_with(b"\x89PNG\r\n\x1a\n") {
        return picture;
    }
    let (head, rest) = picture.split_at(HEAD);
    let mut out = head.to_vec();
    for (keyword, text) in texts {
        let mut body = b"iTXt".to_vec();
        body.extend(keyword.bytes().filter(|byte| *byte != 0).take(79));
        // neither compressed nor in a language of its own nor with its keyword translated
        body.extend([0; 5]);
        body.extend(text.bytes().filter(|byte| *byte != 0));
        let length = u32::try_from(body.len() - 4).unwrap_or_default();
        if length == 0 {
            continue;
        }
        out.extend(length.to_be_bytes());
        out.extend(&body);
        out.extend(crc32fast::hash(&body).to_be_bytes());
    }
    out.extend(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::png;

    /// The names and contents of chunks, with their sums checked.
    fn chunks(picture: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut rest = &picture[8..];
        let mut found = Vec::new();
        while !rest.is_empty() {
            let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
            let sum = u32::from_be_bytes(rest[8 + length..12 + length].try_into().unwrap());
            assert_eq!(crc32fast::hash(&rest[4..8 + length]), sum);
            found.push((String::from_utf8_lossy(&rest[4..8]).into_owned(), rest[8..8 + length].to_vec()));
            rest = &rest[12 + length..];
        }
        found
    }

    #[test]
    fn a_picture_has_its_texts_after_its_head() {
        let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='4'/>";
        let picture = with_texts(png(svg, 1.0).unwrap(), &[("Title", "Caffi\u{0301}"), ("Source", "a\0b")]);
        let chunks = chunks(&picture);
        let names: Vec<&str> = chunks.iter().map(|(name, _)| name.as_str()).take(3).collect();
        assert_eq!(names, ["IHDR", "iTXt", "iTXt"]);
        assert_eq!(chunks[1].1, "Title\0\0\0\0\0Caffi\u{0301}".as_bytes());
        assert_eq!(chunks[2].1, b"Source\0\0\0\0\0ab");
        assert_eq!(chunks.last().unwrap().0, "IEND");
        assert_eq!(with_texts(b"GIF".to_vec(), &[("Title", "x")]), b"GIF");
    }
}
