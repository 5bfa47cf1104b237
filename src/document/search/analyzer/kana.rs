//! Ways of writing the same Japanese word in kana.

/// The distance between a katakana letter and the hiragana letter of the same sound.
const KATAKANA_TO_HIRAGANA: u32 = 0x60;
/// Katakana words from this length on lose a long vowel at their end: "サーバー" is "サーバ".
const LONG_VOWEL_WORD_CHARS: usize = 4;
pub const LONG_VOWEL: char = 'ー';

/// Katakana as hiragana.
pub fn to_hiragana(c: char) -> char {
    match c {
        'ァ'..='ヶ' => char::from_u32(u32::from(c) - KATAKANA_TO_HIRAGANA).unwrap_or(c),
        _ => c,
    }
}

pub fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | LONG_VOWEL)
}

/// The word without a long vowel at its end, which some write and some do not.
pub fn without_final_long_vowel(word: &[char]) -> &[char] {
    match word {
        [stem @ .., LONG_VOWEL]
            if word.len() >= LONG_VOWEL_WORD_CHARS && word.iter().copied().all(is_katakana) =>
        {
            stem
        }
        _ => word,
    }
}
