"""Many settings of a configuration, trained side by side where they differ in numbers alone."""
