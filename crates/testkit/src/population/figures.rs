//! The published figures by which people are made up, and where they stand.
//!
//! The sources publish no cross tables (who of a kabupaten goes where, in which scheme), so each figure is drawn
//! by itself: the shares are right, a single made-up person may be unlikely. Where a publisher names a rest
//! without dividing it, how we divide it is said, and is ours.

use super::{Figure, Share};

/// Every figure.
pub const FIGURES: &[Figure] =
    &[SEX, ORIGIN, DESTINATION, SCHEME, EMPLOYER, POSITION, COMPLAINT, COMPLAINT_COUNTRY];

const fn share(code: &'static str, weight: u32) -> Share {
    Share { code, weight }
}

/// Women and men among those placed. Sex and employer of 2025 are given by GoodStats.
pub const SEX: Figure = Figure {
    id: "sex",
    counted: "placements of Indonesia in 2025: 296,948, of them 187,468 women",
    source: "GoodStats, after KP2MI",
    shares: &[share("P", 187_468), share("L", 109_480)],
};

/// The kabupaten or kota they come from: the five that the service point at Kraksaan looks after.
pub const ORIGIN: Figure = Figure {
    id: "origin",
    counted: "departures from the five regions in 2022: Lumajang 423, Kabupaten Probolinggo 111, Bondowoso and Situbondo under 500 together",
    source: "Pantura7 (Lumajang), Apakabaronline (Probolinggo), JatimTimes (Bondowoso and Situbondo). Ours: those two by inhabitants; Kota Probolinggo, for which nothing is published, by inhabitants after the kabupaten; every village of a kabupaten alike",
    shares: &[
        share("35.08", 423),
        share("35.11", 266),
        share("35.12", 234),
        share("35.13", 111),
        share("35.74", 23),
    ],
};

/// The country of work.
///
/// The division of the rest: <https://databoks.katadata.co.id/ketenagakerjaan/statistik/6732c1e5b2b12>.
pub const DESTINATION: Figure = Figure {
    id: "destination",
    counted: "served by BP3MI Jawa Timur from 1 January to 30 November 2025: 28,488, of them Hong Kong 10,848, Taiwan 10,802, Japan 3,022, Malaysia 1,236",
    source: "Harian Bhirawa, after BP3MI Jawa Timur. Ours: the rest by the next six of all Indonesia, January to October 2024 (Databoks, after BP2MI)",
    shares: &[
        share("HK", 10_848),
        share("TW", 10_802),
        share("JP", 3_022),
        share("MY", 1_236),
        share("SG", 711),
        share("KR", 698),
        share("SA", 537),
        share("IT", 233),
        share("BN", 201),
        share("TR", 200),
    ],
};

/// The scheme of placement.
///
/// <https://indoposco.id/ekonomi/2024/12/31/pemerintah-kirim-295-439-pmi-sepanjang-tahun-2024-hongkong-jadi-wilayah-penempatan-favorit>;
/// the yearly report:
/// <https://bp2mi.go.id/statistik-detail/data-penempatan-dan-pelindungan-pekerja-migran-indonesia-periode-tahun-2024>.
pub const SCHEME: Figure = Figure {
    id: "scheme",
    counted: "placements of Indonesia in 2024, to 30 December: P to P 235,768, contracts renewed at home 2,301 and abroad 25,436, by oneself 21,631, G to G 10,515, own company 962",
    source: "Kementerian P2MI, 31 December 2024, in Indoposco; BP2MI's yearly report has P to P at 79.47 %. Ours: both kinds of renewal under the one code for the same job again",
    shares: &[
        share("P_TO_P", 235_768),
        share("RE_ENTRY", 27_737),
        share("PERSEORANGAN", 21_631),
        share("G_TO_G", 10_515),
        share("UKPS", 962),
    ],
};

/// The kind of employer, in the words of 2025; before, it was the sector, informal or formal.
pub const EMPLOYER: Figure = Figure {
    id: "employer",
    counted: "placements of Indonesia in 2025: 72.53 % with private employers",
    source: "GoodStats, after KP2MI",
    shares: &[share("PERSEORANGAN", 7_253), share("BERBADAN_HUKUM", 2_747)],
};

/// The position. <https://sinpo.id/detail/87941/p2mi-catat-sudah-berangkatkan-295-ribu-pekerja-migran-sepanjang-2024>
pub const POSITION: Figure = Figure {
    id: "position",
    counted: "placements of Indonesia in 2024, to 30 December: house maid 99,485, caregiver 51,582, worker 22,446, plantation worker 20,033, construction worker 8,695, of 295,439",
    source: "Kementerian P2MI, 31 December 2024, in Sinpo and Swarafakta",
    shares: &[
        share("House Maid", 99_485),
        share("Caregiver", 51_582),
        share("Worker", 22_446),
        share("Plantation Worker", 20_033),
        share("Construction Worker", 8_695),
        share("Jabatan lain", 93_198),
    ],
};

/// The main type of a complaint. <https://databoks.katadata.co.id/ketenagakerjaan/statistik/66c6bb5aa582a>
pub const COMPLAINT: Figure = Figure {
    id: "complaint",
    counted: "complaints to BP2MI in the first half of 2024: 764, of them to be brought home 136, unpaid wage 85, deported 61, failed departure 45, death 41, job fraud 32",
    source: "Databoks, after BP2MI. Ours: the other 364 alike over the fourteen further types of BP2MI's statistics of 2019 to 2024",
    shares: &[
        share("INGIN_DIPULANGKAN", 136),
        share("GAJI_TIDAK_DIBAYAR", 85),
        share("DEPORTASI_REPATRIASI", 61),
        share("GAGAL_BERANGKAT", 45),
        share("MENINGGAL", 41),
        share("PENIPUAN_PELUANG_KERJA", 32),
        share("SAKIT", 26),
        share("TPPO", 26),
        share("JAMINAN_SOSIAL", 26),
        share("HAMIL_ATAU_PUNYA_ANAK", 26),
        share("OVERSTAY", 26),
        share("PHK", 26),
        share("BIAYA_MELEBIHI_STRUKTUR", 26),
        share("OVERCHARGING", 26),
        share("TIDAK_SESUAI_PK", 26),
        share("PUTUS_KOMUNIKASI", 26),
        share("PENAHANAN_DOKUMEN", 26),
        share("KEKERASAN_MAJIKAN", 26),
        share("PELECEHAN_SEKSUAL", 26),
        share("DEPRESI_GANGGUAN_JIWA", 26),
    ],
};

/// The country where it happened. <https://databoks.katadata.co.id/ketenagakerjaan/statistik/670c7995d5b21>
pub const COMPLAINT_COUNTRY: Figure = Figure {
    id: "complaint_country",
    counted: "complaints to BP2MI in September 2024: 134, of them Taiwan 41, Malaysia 30, Saudi Arabia 14, Cambodia 13, United Arab Emirates 6",
    source: "Databoks, after BP2MI. Ours: the other 30 for Hong Kong, fourth of the whole year in BP2MI's report",
    shares: &[
        share("TW", 41),
        share("MY", 30),
        share("HK", 30),
        share("SA", 14),
        share("KH", 13),
        share("AE", 6),
    ],
};
