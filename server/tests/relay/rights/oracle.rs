//! The role table read naively: letters, places and names as plain texts. It shares no code with `decide`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sambung_domain::pack::Reach;
use sambung_domain::role::{Action, RoutingRight};
use sambung_domain::{Pack, Role};
use sambung_sync::document::{Document, Held, Node, Scalar};

pub(super) static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::builtin().unwrap());

const LEVELS: [&str; 4] = ["open", "ordinary", "restricted", "secret"];

type Names = BTreeSet<String>;

/// Where a record is, as its document shows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct View {
    areas: Names,
    offices: Names,
    /// Position in [`LEVELS`].
    access: usize,
    partners: Names,
    readers: Names,
    excluded: Names,
    offered: Names,
}

impl View {
    /// Reads a document; `None` before its birth.
    pub(super) fn of(document: &Document) -> Option<View> {
        let texts = |key: &str| -> Names {
            let text = |held| match held {
                Held::Scalar(Scalar::Text(text)) => text,
                Held::Scalar(_) | Held::Object(_) => panic!("{held:?}"),
            };
            document.live(&[key]).unwrap().into_iter().map(|live| text(live.held)).collect()
        };
        let content = document.content().unwrap();
        let names = |key: &str| -> Names {
            let Node::Map(entries) = &content[key] else { panic!("{key}") };
            let says_yes = |node: &Node| match node {
                Node::Value(lives) => lives.iter().any(|live| live.held == Held::Scalar(Scalar::Bool(true))),
                Node::Map(_) | Node::List(_) | Node::Text(_) => panic!("{node:?}"),
            };
            entries.iter().filter(|(_, node)| says_yes(node)).map(|(name, _)| name.clone()).collect()
        };
        let level = |name: &String| LEVELS.iter().position(|level| level == name).unwrap();
        let access = texts("access").iter().map(level).max()?;
        Some(View {
            areas: texts("area"),
            offices: texts("office"),
            access,
            partners: names("partners"),
            readers: names("readers"),
            excluded: names("excluded"),
            offered: texts("transfer").into_iter().filter(|code| !code.is_empty()).collect(),
        })
    }
}

/// A device, as its invitation says.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) role: Role,
    pub(super) areas: Vec<String>,
    pub(super) office: Option<String>,
    pub(super) staff: String,
}

/// The place that everybody looks at.
pub(super) const BOARD: &str = "00";

/// Whether a kind is made for the board.
pub(super) fn is_posted(kind: &str) -> bool {
    PACK.kinds[kind].reference
}

/// Whether a record hangs on the board and is not made for it, or the other way round.
fn is_amiss(kind: &str, view: &View) -> bool {
    view.areas.iter().any(|area| (area == BOARD) != is_posted(kind))
}

/// What a person is to a record.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Lives,
    Office,
    Partner,
    Named,
}

impl Person {
    /// The letters of the role's cell for a kind through one kind of set.
    fn letters(&self, kind: &str, reach: Reach) -> Vec<Action> {
        let kind = &PACK.kinds[kind];
        let rule = PACK.roles.iter().find(|rule| rule.role == self.role && rule.column == kind.column);
        let Some(rule) = rule else { return Vec::new() };
        let letters = match reach {
            Reach::Area => &rule.area,
            Reach::Office => &rule.office,
            Reach::Person => &rule.person,
        };
        let reached = kind.reach.contains(&reach);
        letters.iter().copied().filter(|letter| reached || *letter == Action::Create).collect()
    }

    fn ways(&self, kind: &str, view: &View) -> Vec<Way> {
        let mut ways = Vec::new();
        let inside = |area: &String, own: &String| area == own || area.starts_with(&format!("{own}."));
        let at_home = self.areas.iter().any(|own| view.areas.iter().any(|area| inside(area, own)));
        // Everybody looks at the board, and only what is made for it is seen there.
        if if is_posted(kind) { view.areas.contains(BOARD) } else { at_home } {
            ways.push(Way::Lives);
        }
        if let Some(office) = &self.office {
            if view.offices.contains(office) {
                ways.push(Way::Office);
            }
            if view.partners.contains(office) {
                ways.push(Way::Partner);
            }
        }
        if view.readers.contains(&self.staff) {
            ways.push(Way::Named);
        }
        ways
    }

    fn is_excluded(&self, view: &View) -> bool {
        view.excluded.contains(&self.staff) || self.office.iter().any(|code| view.excluded.contains(code))
    }

    /// Whether one of the ways that `counts` lets the person do it.
    fn can(&self, kind: &str, letter: Action, view: &View, counts: impl Fn(Way) -> bool) -> bool {
        let ceiling = LEVELS.iter().position(|level| *level == PACK.ceilings[&self.role].as_str()).unwrap();
        let ways = self.ways(kind, view);
        !self.is_excluded(view)
            && ways.into_iter().filter(|way| counts(*way)).any(|way| {
                let (reach, bounded) = match way {
                    Way::Lives => (Reach::Area, true),
                    Way::Office | Way::Partner => (Reach::Office, true),
                    Way::Named => (Reach::Person, false),
                };
                let high_enough = !bounded || (view.access <= ceiling && view.access < 3);
                high_enough && self.letters(kind, reach).contains(&letter)
            })
    }

    /// Whether the person is sent the record.
    pub(super) fn reads(&self, kind: &str, view: &View) -> bool {
        let reached = !self.is_excluded(view) && {
            let mut ways = self.ways(kind, view);
            ways.retain(|way| view.access < 3 || *way == Way::Named);
            // The sets of offices and persons are given where the role has a letter for any kind through them.
            ways.retain(|way| match way {
                Way::Lives => true,
                Way::Office | Way::Partner => self.has_set(Reach::Office),
                Way::Named => self.has_set(Reach::Person),
            });
            !ways.is_empty()
        };
        (view.access == 0 && reached) || self.can(kind, Action::Read, view, |_| true)
    }

    fn has_set(&self, reach: Reach) -> bool {
        PACK.kinds.keys().any(|kind| !self.letters(kind, reach).is_empty())
    }

    fn right(&self, right: RoutingRight) -> bool {
        PACK.routing_rights[&self.role].contains(&right)
    }

    /// Whether a record may be born like this.
    pub(super) fn may_create(&self, kind: &str, born: &View) -> bool {
        let starts = LEVELS.iter().position(|level| *level == PACK.kinds[kind].access.as_str()).unwrap();
        let reaches = [(Way::Lives, Reach::Area), (Way::Office, Reach::Office), (Way::Named, Reach::Person)];
        let ways = self.ways(kind, born);
        let here = reaches
            .into_iter()
            .any(|(way, reach)| ways.contains(&way) && self.letters(kind, reach).contains(&Action::Create));
        if self.is_excluded(born) || !here || is_amiss(kind, born) {
            return false;
        }
        let lowered = born.access < starts;
        let hidden = !born.excluded.is_empty() || (born.access == 3 && starts != 3);
        let lost = born.access == 3 && born.readers.is_empty();
        !lost
            && (!lowered || self.right(RoutingRight::Lower))
            && (!hidden || self.right(RoutingRight::Hide))
            && (born.offered.is_empty() || self.right(RoutingRight::Move))
    }

    /// Whether a record may be changed like this by somebody who saw it as `seen`; `None`: who says he never saw it.
    pub(super) fn may_change(&self, kind: &str, seen: Option<&View>, from: &View, to: &View) -> bool {
        if is_amiss(kind, to) {
            return false;
        }
        let edit = |view: &View, counts: fn(Way) -> bool| self.can(kind, Action::Edit, view, counts);
        if seen.is_some_and(|seen| !edit(seen, |_| true)) {
            return false;
        }
        if from == to {
            let letter = if seen.is_some() { Action::Edit } else { Action::Create };
            return self.can(kind, letter, from, |_| true);
        }
        if !edit(from, |_| true) {
            return false;
        }
        let by_place: fn(Way) -> bool = |way| matches!(way, Way::Lives | Way::Office);
        let by_name: fn(Way) -> bool = |way| way != Way::Partner;
        let owns = |view: &View| edit(view, if view.access == 3 { by_name } else { by_place });
        let owner = owns(from);
        let own_office = |code: &String| self.office.as_ref() == Some(code) && self.has_set(Reach::Office);
        let gone = |was: &Names, is: &Names| -> Vec<String> { was.difference(is).cloned().collect() };
        let mut needs = vec![!(to.access == 3 && to.readers.is_empty())];
        // Sharing.
        needs.push(owner || (to.partners.is_subset(&from.partners) && to.readers.is_subset(&from.readers)));
        needs.push(owner || gone(&from.partners, &to.partners).iter().all(own_office));
        needs.push(owner || gone(&from.readers, &to.readers).iter().all(|name| *name == self.staff));
        // Offers.
        let offers = !to.offered.is_subset(&from.offered);
        needs.push(!offers || (owner && self.right(RoutingRight::Move)));
        needs.push(owner || gone(&from.offered, &to.offered).iter().all(own_office));
        // Moves: from here, and to every place by itself, under an access the mover could see.
        let moves = from.areas != to.areas || from.offices != to.offices;
        let accepts = from.offered.iter().any(own_office);
        needs.push(!moves || (self.right(RoutingRight::Move) && (owner || accepts)));
        let calm = View { access: to.access.min(from.access), ..to.clone() };
        for area in to.areas.difference(&from.areas) {
            needs.push(owns(&View { areas: [area.clone()].into(), ..calm.clone() }));
        }
        for office in to.offices.difference(&from.offices) {
            needs.push(owns(&View { offices: [office.clone()].into(), ..calm.clone() }));
        }
        // Protecting and hiding.
        needs.push(to.access >= from.access || (owner && self.right(RoutingRight::Lower)));
        let hides = from.excluded != to.excluded || (to.access == 3 && from.access != 3);
        needs.push(!hides || (owner && self.right(RoutingRight::Hide)));
        // Whoever does more than share goes on seeing it.
        let shares = View {
            partners: from.partners.clone(),
            readers: from.readers.clone(),
            offered: from.offered.clone(),
            ..to.clone()
        };
        needs.push(shares == *from || edit(&calm, |_| true));
        needs.into_iter().all(|met| met)
    }
}
