"""The structure of a model as a picture, drawn from the built model."""

import subprocess
import sys
from pathlib import Path

import pydot
import tf_keras as keras
from IPython.display import SVG

from reelbook.errors import ReelbookError
from reelbook.report.figures.style import BLUE, INK, PLATE

# Graphviz' dot as a Python wheel: it needs no system package, but is found beside python only.
DOT = Path(sys.executable).parent / "graphviz-pure"


def draw_structure(model: keras.Model) -> SVG:
    """The layers of a built functional model as boxes and arrows, from inputs to stars.

    Each box names the layer, its kind, the shape of what it gives and its number of weights.
    """
    found = keras.utils.model_to_dot(model)
    layers = {str(id(layer)): layer for layer in model.layers}  # how Keras names its boxes
    graph = pydot.Dot(bgcolor=PLATE, nodesep="0.1", ranksep="0.25")
    text = {"fontname": "Arial", "fontsize": "11", "fontcolor": INK, "color": INK}
    graph.set_node_defaults(shape="box", style="rounded", margin="0.06,0.04", **text)
    graph.set_edge_defaults(color=INK, arrowsize="0.7")
    for layer in model.layers:
        color = BLUE if layer.count_params() else INK  # what is learned stands out
        graph.add_node(pydot.Node(layer.name, label=_describe_layer(layer), color=color))
    for edge in found.get_edges():
        ends = edge.get_source(), edge.get_destination()
        graph.add_edge(pydot.Edge(*(layers[end].name for end in ends)))
    names = ", ".join(layer.name.replace("_", " ") for layer in model.layers)
    words = {"alt": f"Layers of the model, from inputs to stars: {names}."}
    return SVG(_run_dot(graph.to_string()), metadata=words)


def _describe_layer(layer: keras.layers.Layer) -> str:
    shape = layer.output_shape[0] if isinstance(layer.output_shape, list) else layer.output_shape
    gives = " x ".join(["batch", *(str(size) for size in shape[1:])])
    kind = "Input" if isinstance(layer, keras.layers.InputLayer) else type(layer).__name__
    weights = f"\\n{layer.count_params():,} weights" if layer.count_params() else ""
    return f"{layer.name.replace('_', ' ')}\\n{kind}\\n{gives}{weights}"


def _run_dot(source: str) -> str:
    """Graphviz' drawing of a graph as SVG text."""
    try:
        done = subprocess.run(
            [DOT, "-Tsvg"], input=source, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise ReelbookError(f"{DOT} could not draw the model: {error}. Run `make env`.") from error
    return done.stdout
