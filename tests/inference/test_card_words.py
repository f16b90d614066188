"""Results on cards: ours in words, those of others under the names they gave."""

from inference.card_words import WORDS, Result, results_told
from inference.networks.weights import read_weights
from inference.services.weights import SHIPPED


def test_every_result_that_this_software_measures_has_words():
    for path in SHIPPED.glob("*.safetensors"):
        told = results_told(read_weights(path).card.results)
        assert all(one.named for one in told), path.name
        assert len(told) == len(WORDS)


def test_decibels_have_two_decimals_and_similarities_four():
    told = results_told(
        {
            "psnr_db_output": {"mean": 33.7219, "sd": 3.0808},
            "ssim_range_255_gain": {"mean": 0.07, "sd": 0.0182},
            "split": "validation",
        }
    )
    assert [one.value for one in told] == [
        "33.72 ± 3.08 (SD)",
        "0.0700 ± 0.0182 (SD)",
        "validation",
    ]


def test_the_results_of_others_keep_their_names_and_lose_nothing():
    told = results_told(
        {"dice": {"left": 0.9, "right": None}, "psnr_db_gain": {"median": 1.5}}
    )
    assert told == [
        Result("dice.left", "0.9", named=False),
        Result("dice.right", "–", named=False),
        Result("psnr_db_gain.median", "1.5", named=False),
    ]
    assert results_told("none") == []
