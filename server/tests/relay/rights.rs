//! Everybody is sent what the role table gives him, and nothing else: random devices write random things, allowed and
//! forbidden, and a second, naive reading of the table says of every push and every record what must come of it.

mod oracle;
mod world;

use sambung_testkit::Seed;
use world::World;

const WORLDS: u64 = 12;
const STEPS: usize = 70;

#[test]
fn the_relay_takes_and_sends_what_the_role_table_says_and_nothing_else() {
    let (mut allowed, mut denied) = (0, 0);
    for seed in 0..WORLDS {
        let mut world = World::new(Seed::new(seed));
        for step in 0..STEPS {
            world.write(&format!("world {seed}, step {step}"));
            if step % 10 == 9 {
                world.look(&format!("world {seed}, step {step}"));
            }
        }
        world.look(&format!("world {seed}, at the end"));
        allowed += world.allowed;
        denied += world.denied;
    }
    let fifth = (allowed + denied) / 5;
    assert!(denied >= fifth && allowed >= fifth, "{allowed} allowed, {denied} denied");
}
