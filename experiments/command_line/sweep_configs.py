"""The configurations of a sweep's settings, from the command line."""

import json

from absl import flags
from ml_collections import config_flags

from configs.settings import Chosen, make_config
from experiments import train
from pepita_jax.errors import UserError
from pepita_jax.runs.experiment import check_config

SETTINGS = flags.DEFINE_string("settings", None, 'file with one setting per line, {"FIELD": VALUE}')
SELECT = flags.DEFINE_enum(
    "select_on", "validation", ["validation", "test"],
    "split that the best setting is chosen on; use test only to repeat a paper that did so",
)  # fmt: skip
VALIDATION_FRACTION = 0.1
OF_SOME = "; give options that only some rules have in the lines of --settings=FILE"


def make_configs(settings):
    """The configuration of each setting; an error names the setting if it is from a file."""
    configs = []
    for setting in settings:
        try:
            configs.append(make_config(read_chosen(), setting))
        except UserError as error:
            where = f"{SETTINGS.value}, {json.dumps(setting)}: " if SETTINGS.value else ""
            is_of_others = "rule.name" in setting and "no such field: rule." in str(error)
            raise UserError(f"{where}{error}{OF_SOME if is_of_others else ''}") from error
    return configs


def read_chosen():
    """What the command line says about all settings, a `Chosen`."""
    config = train.CONFIG.value
    words = (config.rule.name, config.model.name, config.dataset)
    return Chosen(words, config_flags.get_override_values(flags.FLAGS["config"]))


def with_split(config):
    """The configuration, with a validation split if settings are chosen on it."""
    if SELECT.value == "validation" and not config["validation_fraction"]:
        config = config | {"validation_fraction": VALIDATION_FRACTION}
        check_config(config)
    return config
