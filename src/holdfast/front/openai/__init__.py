"""An API like OpenAI's for an engine that `holdfast run` has started: HTTP here, the model behind a pipe."""
