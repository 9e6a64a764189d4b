"""`Images`: small pictures, learned and drawn, each of a given class if there are classes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from lookalike._core.errors import DataError, NotFittedError, ParameterError, nearest
from lookalike._core.parameters import Number, Rule, check_parameters
from lookalike._core.refitted import Refitted
from lookalike._core.seeds import RandomState, as_seed, generator
from lookalike.encoding import EncodedRows
from lookalike.images._form import ImageForm
from lookalike.images._presets import find_image_preset
from lookalike.images._read import LabelledImages, read_images
from lookalike.images._recipe import BLOCK
from lookalike.images._rules import RULES
from lookalike.images._saving import ENGINES, Engine, save_images
from lookalike.images._write import (
    contact_sheet,
    folders_of,
    picture_folder,
    png,
    write_arrays,
    write_film,
    write_picture,
    write_pictures,
)
from lookalike.training import History

if TYPE_CHECKING:
    from lookalike.models import Networks, TrainingRules
    from lookalike.nn import Objective

__all__ = ["Images"]

#: The greatest number of classes.
_MOST_CLASSES = 1_000
_COUNT = Number(0, integer=True)


class Images(Refitted):
    """A model of small images, such as digits, which draws new ones.

    By default a convolutional generative adversarial network learns them: networks as of Radford et
    al. 2016 (arXiv 1511.06434), in the game and with the monitors and remedies of `GAN`. With
    labels, both networks are given the class of each image. `preset` returns the settings of the
    paper.

    For comparison, ``engine="components"`` learns the weights of principal components, with the
    class, as a table.

    Parameters
    ----------
    engine : {"gan", "components"}
        A convolutional GAN, or principal components and a model of a table.
    budget : {"fast", "balanced", "best"}
        The training time, if neither `steps` nor `epochs` is given: 800, 6,000 or 15,000 steps,
        fewer for less than 1,000 images.
    steps : int or None
        The number of training steps; overrides `budget`.
    epochs : int or None
        The number of passes through the images; overrides `budget`.
    batch_size : int
        The number of real images, and of generated images, in each step.
    width : int
        The channels of the discriminator's first layer and of the generator's last; they double
        from layer to layer towards the smallest images. Time grows with their square.
    objective : str, mapping or Objective
        The loss of both networks, as of `GAN`.
    learning_rate : float
        The peak learning rate of the generator.
    held_out : float
        The share of images that are not learned, with which monitors compare.
    monitors : bool or sequence of str
        The monitors that measure training between intervals: True for the usual ones, False for
        none, or their names.
    remedies : bool
        Whether to recover from failures, as `GAN` does.
    networks : Networks, mapping or None
        Architectures and latent space. Of architectures, images have ``widths`` (those of the
        generator from the smallest images on), ``activation``, ``slope``, ``normalisation``,
        ``bias`` and ``initial``. Layers for which images are too small are left out.
    training : TrainingRules, mapping or None
        Learning rates, optimiser and regularisation; None for the defaults.
    components : int
        Of the engine of that name: the greatest number of principal components.
    family : str
        Of that engine: the family of the model of their weights, such as ``"GAN"``.
    progress : bool or None
        True or False to show progress on standard error or not; by default it is shown
        where it is watched: in a terminal and in a notebook.
    random_state : int, Generator, RandomState or None
        The seed of the fit, and the default seed of sampling.

    Attributes
    ----------
    classes_ : ndarray or None
        The labels of the classes, sorted; None without labels.
    form_ : ImageForm
        The shape of images and the range of their pixels.
    history_ : History
        The measures and events of training.
    n_images_ : int
        The number of training images.
    seed_ : int
        The seed of the fit, and the default seed of sampling.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import lookalike as la
    >>> digits = load_digits()
    >>> model = la.Images(engine="components", family="independent", random_state=0)
    >>> model = model.fit(digits.images, digits.target)
    >>> images, labels = model.sample(5, given=3)
    >>> images.shape, labels.tolist()
    ((5, 8, 8), [3, 3, 3, 3, 3])
    """

    _rules: ClassVar[Mapping[str, Rule | Callable[[], Rule]]] = RULES

    random_state: RandomState
    classes_: np.ndarray | None
    form_: ImageForm
    n_images_: int
    seed_: int
    _engine: Engine

    def __init__(
        self,
        *,
        engine: str = "gan",
        budget: str = "balanced",
        steps: int | None = None,
        epochs: int | None = None,
        batch_size: int = 128,
        width: int = 32,
        objective: str | Mapping[str, Any] | Objective = "relativistic",
        learning_rate: float = 1.2e-3,
        held_out: float = 0.0,
        monitors: bool | Sequence[str] = True,
        remedies: bool = True,
        networks: Networks | Mapping[str, Any] | None = None,
        training: TrainingRules | Mapping[str, Any] | None = None,
        components: int = 40,
        family: str = "GAN",
        progress: bool | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.engine = engine
        self.budget = budget
        self.steps = steps
        self.epochs = epochs
        self.batch_size = batch_size
        self.width = width
        self.objective = objective
        self.learning_rate = learning_rate
        self.held_out = held_out
        self.monitors = monitors
        self.remedies = remedies
        self.networks = networks
        self.training = training
        self.components = components
        self.family = family
        self.progress = progress
        self.random_state = random_state

    @classmethod
    def preset(cls, name: str, **parameters: Any) -> Self:
        """Return an unfitted model with the networks and settings of a published system.

        Parameters
        ----------
        name : str
            ``"dcgan"``: Radford, Metz and Chintala 2016.
        **parameters
            Parameters that override the published ones, such as ``random_state=0``.

        Raises
        ------
        ParameterError
            If there is no such preset.

        Examples
        --------
        >>> import lookalike as la
        >>> la.Images.preset("dcgan").learning_rate
        0.0002
        """
        model: Self = cls().set_params(**{**find_image_preset(name).parameters, **parameters})
        return model

    # --- fit -------------------------------------------------------------------------------------

    def fit(self, images: Any, labels: Any = None) -> Self:
        """Learn images.

        Parameters
        ----------
        images : array-like, shape (n, height, width) or (n, height, width, channels), or path
            Pixels of any range. Or a folder of PNG or JPEG pictures, with a folder for each class
            if there are classes; or an ``.npz`` file, or an IDX file with that of its labels
            beside it.
        labels : array-like, shape (n,), or path, optional
            The class of each image, or an IDX file of classes.

        Returns
        -------
        Images
            The estimator itself. If `fit` fails, it is unchanged.

        Raises
        ------
        ParameterError
            If a parameter breaks its rule.
        DataError
            If there are fewer than two images, they differ in size, or all labels are the same.
        """
        self._check_parameters()
        fresh = self._fresh()
        fresh._learn(read_images(images, labels))
        return self._adopt(fresh)

    def _check_parameters(self) -> None:
        check_parameters(type(self).__name__, self._rules, self.get_params(deep=False))

    def _learn(self, data: LabelledImages) -> None:
        seed = as_seed(self.random_state)
        self.form_ = ImageForm.of(data.images)
        rows, codes = self.form_.rows(data.images), np.zeros((len(data.images), 0), np.int32)
        self.classes_ = None
        if data.labels is not None:
            self.classes_, found = np.unique(data.labels, return_inverse=True)
            codes = found[:, None].astype(np.int32)
            if len(self.classes_) > _MOST_CLASSES:
                raise DataError(
                    f"Labels may name at most {_MOST_CLASSES:,} classes; these name "
                    f"{len(self.classes_):,}. Give labels that are shared, or none."
                )
        learned, others = self._divided(EncodedRows(rows, codes), seed)
        self._engine = ENGINES[self.engine].fit(
            learned, others, self.form_, len(self._labels), self, seed
        )
        self.n_images_, self.seed_ = len(rows), seed

    def _divided(self, rows: EncodedRows, seed: int) -> tuple[EncodedRows, EncodedRows | None]:
        """Return the images that are learned, and those that are held out, if any."""
        count = round(self.held_out * len(rows.floats))
        if not count:
            return rows, None
        order = generator(seed, "held out").permutation(len(rows.floats))
        parts = (np.sort(order[count:]), np.sort(order[:count]))
        learned, others = (EncodedRows(rows.floats[p], rows.codes[p]) for p in parts)
        if not len(learned.floats):
            raise ParameterError(f"held_out={self.held_out} leaves no image to learn: lower it.")
        return learned, others

    @property
    def _labels(self) -> np.ndarray:
        return np.zeros(0, int) if self.classes_ is None else self.classes_

    @property
    def history_(self) -> History:
        """The measures and events of training."""
        self._check_fitted()
        return self._engine.history

    # --- sample ----------------------------------------------------------------------------------

    def sample(
        self,
        n: int,
        *,
        given: Any = None,
        random_state: RandomState = None,
        start: int = 0,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Draw images.

        Image i depends on the model, the seed, the class given and i alone: ``sample(5)`` is the
        head of ``sample(1_000)``.

        Parameters
        ----------
        n : int
            The number of images, 0 or more.
        given : object, optional
            The class of all images; by default classes have their shares among training images.
        random_state : int, Generator, RandomState or None
            The seed. None is the model's own ``seed_``.
        start : int
            The number of the first image.

        Returns
        -------
        ndarray, shape (n, height, width) or (n, height, width, channels)
            Of the type and range of the training images.
        ndarray, shape (n,), or None
            Their labels; None if there are no classes.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If a parameter breaks its rule, or there is no such class.
        """
        self._check_fitted()
        check_parameters("sample", {"n": _COUNT, "start": _COUNT}, {"n": n, "start": start})
        parts = list(self._blocks(int(n), given, random_state, int(start)))
        if not parts:
            empty = self.form_.images(np.zeros((0, self.form_.pixels), np.float32))
            return empty, None if self.classes_ is None else self.classes_[:0]
        images = np.concatenate([part for part, _ in parts])
        if self.classes_ is None:
            return images, None
        return images, self.classes_[np.concatenate([codes for _, codes in parts])]

    def sample_to(
        self,
        path: str | os.PathLike[str],
        n: int,
        *,
        given: Any = None,
        random_state: RandomState = None,
        start: int = 0,
    ) -> int:
        """Write images to files: one PNG file for each, a contact sheet, or an ``.npz`` file.

        Parameters
        ----------
        path : str or path-like
            A folder, in which classes have folders of their own; a ``.png`` file for one picture of
            all images side by side; or an ``.npz`` file of arrays ``images`` and ``labels``.
        n : int
            The number of images.
        given : object, optional
            The class of all images.
        random_state : int, Generator, RandomState or None
            The seed, as for `sample`.
        start : int
            The number of the first image.

        Returns
        -------
        int
            The number of images written.

        Raises
        ------
        OutputError
            If a file cannot be written, or the folder is not empty.
        NotFittedError, ParameterError
            As for `sample`.
        """
        self._check_fitted()
        check_parameters("sample_to", {"n": _COUNT, "start": _COUNT}, {"n": n, "start": start})
        name = os.fspath(path)
        if name.lower().endswith((".png", ".npz")):
            images, labels = self.sample(n, given=given, random_state=random_state, start=start)
            if name.lower().endswith(".png"):
                write_picture(contact_sheet(images, self.form_), path)
            else:
                write_arrays(images, labels, path)
            return n
        picture_folder(name)
        places = folders_of(self._labels)
        first = start
        for images, codes in self._blocks(int(n), given, random_state, int(start)):
            folders = None if self.classes_ is None else [places[code] for code in codes]
            write_pictures(images, folders, self.form_, name, first)
            first += len(images)
        return n

    def walk(self, n: int, *, given: Any = None, random_state: RandomState = None) -> np.ndarray:
        """Draw images between two points of the latent space, along a great circle.

        Images that change smoothly show that a generator has not learned single images by heart.

        Parameters
        ----------
        n : int
            The number of images, 2 or more.
        given : object, optional
            Their class; by default the first.
        random_state : int, Generator, RandomState or None
            The seed of the two points.

        Returns
        -------
        ndarray, shape (n, height, width[, channels])

        Raises
        ------
        ParameterError
            If the engine is no GAN, or there is no such class.
        """
        from lookalike.images._gan_engine import GanEngine  # noqa: PLC0415 - it loads JAX

        self._check_fitted()
        check_parameters("walk", {"n": Number(2, integer=True)}, {"n": n})
        if not isinstance(self._engine, GanEngine):
            raise ParameterError("Only images of engine='gan' come from a latent space.")
        code = self._code(given)
        rows = self._engine.walk(self._seed(random_state), int(n), code or 0)
        return self.form_.images(rows)

    def film(self) -> tuple[np.ndarray, np.ndarray]:
        """Return images that were drawn during training, always from the same noise.

        Returns
        -------
        steps : ndarray of int, shape (frames,)
            At most ten steps, soon after one another at first; the last is that of the model.
        images : ndarray, shape (frames, 20, height, width[, channels])
            With classes, one after the other.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        ParameterError
            If there is no film: the engine is no GAN, or the model was saved by an older version.
        """
        from lookalike.images._gan_engine import GanEngine  # noqa: PLC0415 - it loads JAX

        self._check_fitted()
        if not isinstance(self._engine, GanEngine) or not len(self._engine.film.steps):
            raise ParameterError("Only a fit of engine='gan' is filmed; this model has no film.")
        film = self._engine.film
        shape = (len(film.steps), -1, *self.form_.shape)
        return film.steps, self.form_.images(film.rows()).reshape(shape)

    def film_to(self, path: str | os.PathLike[str]) -> None:
        """Write the film of training to a file.

        Parameters
        ----------
        path : str or path-like
            A ``.png`` file for a contact sheet with a row for each step, or a ``.gif`` file that
            moves.

        Raises
        ------
        OutputError
            If the file cannot be written.
        NotFittedError, ParameterError
            As for `film`; or if the file has another suffix.
        """
        _, images = self.film()
        name = os.fspath(path).lower()
        if name.endswith(".gif"):
            write_film([contact_sheet(frame, self.form_, 10) for frame in images], path, 0.5)
        elif name.endswith(".png"):
            write_picture(self._film_picture(images), path)
        else:
            raise ParameterError(f"A film is a .png or a .gif file; got {os.fspath(path)!r}.")

    def film_sheet(self) -> bytes | None:
        """Return the film of training as a PNG file, or None if there is none.

        Returns
        -------
        bytes or None
            A contact sheet with a row for each step.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        """
        self._check_fitted()
        try:
            return png(self._film_picture(self.film()[1]))
        except ParameterError:  # no film, or colours that pictures do not have
            return None

    def _film_picture(self, images: np.ndarray) -> np.ndarray:
        return contact_sheet(np.concatenate(list(images)), self.form_, images.shape[1])

    def _blocks(
        self, n: int, given: Any, random_state: RandomState, start: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield images and the codes of their classes, a block at a time."""
        seed, code = self._seed(random_state), self._code(given)
        stop = start + n
        for block in range(start // BLOCK, -(-stop // BLOCK) if n else 0):
            rows, codes = self._engine.block(seed, block, BLOCK, code)
            first = block * BLOCK
            part = slice(max(start - first, 0), min(stop - first, BLOCK))
            yield self.form_.images(rows[part]), codes[part]

    def _code(self, given: Any) -> int | None:
        """Return the code of a class that the caller names; also text as a command line has it."""
        if given is None:
            return None
        if self.classes_ is None:
            raise ParameterError(
                f"given={given!r} names a class, but these images were learned without labels."
            )
        names = self.classes_.tolist()
        found = [code for code, name in enumerate(names) if name == given or str(name) == given]
        if not found:
            shown = ", ".join(map(repr, names[:20]))
            words = nearest(str(given), list(map(str, names)))
            raise ParameterError(f"There is no class {given!r}.{words} Classes are {shown}.")
        return found[0]

    def _seed(self, random_state: RandomState) -> int:
        return self.seed_ if random_state is None else as_seed(random_state)

    def _check_fitted(self) -> None:
        if not hasattr(self, "_engine"):
            raise NotFittedError(f"This {type(self).__name__} has not been fitted: call fit first.")

    # --- save ------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model to one file, which `lookalike.load` reads.

        It holds no training image.

        Parameters
        ----------
        path : str or path-like
            The file, by convention with the suffix ``.lookalike``.

        Raises
        ------
        NotFittedError
            If the model has not been fitted.
        OutputError
            If the file cannot be written; then no partial file remains.
        """
        self._check_fitted()
        save_images(self, path)
