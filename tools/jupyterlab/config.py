"""Settings of the JupyterLab that `make lab` opens; overrides.json has those of its interface."""

from pathlib import Path

from traitlets.config import get_config

from reelbook.build.lab import forget_outputs

c = get_config()
c.FileContentsManager.post_save_hook = forget_outputs
c.LabApp.app_settings_dir = str(Path(__file__).parent)
