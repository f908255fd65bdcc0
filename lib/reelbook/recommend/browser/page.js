// Recommends in the browser what `reelbook.recommend.recommender.recommend` does in Python, from the same
// weights in fewer bytes. `model` is what `reelbook.recommend.page.pack_model` gives. Titles go into the
// page as text, never as HTML.
"use strict";

const LENGTH = 10; // of the list
const OPTIONS = 8; // titles shown for what was typed
const find = (id) => document.getElementById(id);
const [input, options, likedList, status, list] = [
  "rb-input", "rb-options", "rb-liked", "rb-status", "rb-list",
].map(find);

function decode(text, Type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Type(bytes.buffer);
}

const starts = decode(model.starts, Uint32Array);
const columns = decode(model.columns, Uint16Array);
const values = decode(model.values, Int8Array);
const steps = decode(model.steps, Float32Array);
const vectors = Float64Array.from(decode(model.vectors, Int16Array), (v) => v * model.step);
const base = decode(model.base, Float32Array);
const doubt = decode(model.doubt, Float32Array);
const dim = vectors.length / model.names.length;
const simplify = (text) =>
  text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const plain = model.names.map(simplify);
const liked = []; // places of movies
let shown = []; // places of the titles that match
let active = -1; // which of them is marked

// ---- the model

function computeScores() {
  const scores = new Float64Array(model.names.length);
  for (const movie of liked) {
    for (let at = starts[movie]; at < starts[movie + 1]; at++) {
      scores[columns[at]] += values[at] * steps[movie];
    }
  }
  return scores;
}

function getWeight(from, to) {
  for (let at = starts[from]; at < starts[from + 1]; at++) {
    if (columns[at] === to) return values[at] * steps[from];
  }
  return 0;
}

const getVector = (movie) => vectors.subarray(movie * dim, (movie + 1) * dim);
const multiply = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

// The inverse of V'V + noise I, by Gauss and Jordan; it is positive definite, so no pivot is zero.
function invertInner() {
  const rows = Array.from({ length: dim }, (_, i) => {
    const row = new Float64Array(2 * dim);
    row[i] = model.noise;
    row[dim + i] = 1;
    for (const movie of liked) {
      const v = getVector(movie);
      for (let j = 0; j < dim; j++) row[j] += v[i] * v[j];
    }
    return row;
  });
  for (let i = 0; i < dim; i++) {
    const pivot = rows[i][i];
    for (let j = 0; j < 2 * dim; j++) rows[i][j] /= pivot;
    for (let k = 0; k < dim; k++) {
      const factor = rows[k][i];
      if (k === i || factor === 0) continue;
      for (let j = 0; j < 2 * dim; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row) => row.subarray(dim));
}

function expectStars(movie, inverse) {
  const v = getVector(movie);
  const solved = inverse.map((row) => multiply(row, v));
  let stars = base[movie];
  for (const other of liked) {
    stars += multiply(getVector(other), solved) * (model.liked - base[other]);
  }
  return { stars, deviation: Math.sqrt(model.noise * (1 + multiply(v, solved)) + doubt[movie]) };
}

function recommend() {
  const scores = computeScores();
  const inverse = invertInner();
  const clip = (stars) => Math.min(Math.max(stars, model.scale[0]), model.scale[1]);
  return model.names
    .map((_, movie) => movie)
    .filter((movie) => !liked.includes(movie))
    .sort((a, b) => scores[b] - scores[a] || model.counts[b] - model.counts[a] || a - b)
    .slice(0, LENGTH)
    .map((movie) => {
      const { stars, deviation } = expectStars(movie, inverse);
      const because = liked
        .map((other) => [getWeight(other, movie), model.names[other]])
        .filter(([weight]) => weight > 0)
        .sort((a, b) => b[0] - a[0])
        .slice(0, 3)
        .map(([, name]) => name);
      return {
        name: model.names[movie],
        stars: clip(stars),
        low: clip(clip(stars) - model.reach * deviation),
        high: clip(clip(stars) + model.reach * deviation),
        why: liked.some((other) => getWeight(other, movie))
          ? because.length && `because of ${because.join(", ")}`
          : model.popular,
      };
    });
}

// ---- the page

function decodeTitle(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return ""; // a broken link must not keep the page from starting
  }
}

function makeElement(tag, text, name = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = name;
  return element;
}

function match(text) {
  const asked = simplify(text);
  if (!asked) return [];
  const rank = (movie) => {
    const at = plain[movie].indexOf(asked);
    if (at < 0) return -1;
    return at === 0 || plain[movie].startsWith(`the ${asked}`) ? 0 : plain[movie][at - 1] === " " ? 1 : 2;
  };
  return model.names
    .map((_, movie) => [rank(movie), movie])
    .filter(([place, movie]) => place >= 0 && !liked.includes(movie))
    .sort((a, b) => a[0] - b[0] || model.counts[b[1]] - model.counts[a[1]])
    .slice(0, OPTIONS)
    .map(([, movie]) => movie);
}

function showOptions() {
  options.replaceChildren(
    ...shown.map((movie, place) => {
      const option = makeElement("li", model.names[movie]);
      option.id = `rb-option-${place}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", String(place === active));
      option.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
      option.addEventListener("click", () => like(movie));
      return option;
    }),
  );
  options.hidden = shown.length === 0;
  input.setAttribute("aria-expanded", String(shown.length > 0));
  if (active >= 0) {
    input.setAttribute("aria-activedescendant", `rb-option-${active}`);
    options.children[active].scrollIntoView({ block: "nearest" });
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function close() {
  [shown, active] = [[], -1];
  showOptions();
}

function like(movie) {
  liked.push(movie);
  input.value = "";
  close();
  showList();
  input.focus();
}

function forget(movie) {
  liked.splice(liked.indexOf(movie), 1);
  showList();
  input.focus();
}

function showList() {
  likedList.replaceChildren(
    ...liked.map((movie) => {
      const item = document.createElement("li");
      const button = makeElement("button", `${model.names[movie]} ✕`);
      button.type = "button";
      button.setAttribute("aria-label", `Remove ${model.names[movie]}`);
      button.addEventListener("click", () => forget(movie));
      item.append(button);
      return item;
    }),
  );
  const found = liked.length ? recommend() : [];
  list.replaceChildren(
    ...found.map((movie) => {
      const item = document.createElement("li");
      const [stars, low, high] = [movie.stars, movie.low, movie.high].map((s) => s.toFixed(1));
      item.append(
        makeElement("strong", movie.name), " ",
        makeElement("span", `${stars} stars (${low} to ${high})`, "rb-stars"),
      );
      if (movie.why) item.append(makeElement("div", movie.why, "rb-why"));
      return item;
    }),
  );
  status.textContent = liked.length
    ? `${found.length} recommendations for ${liked.length} liked ${liked.length > 1 ? "movies" : "movie"}.`
    : "Nothing chosen yet.";
  const address = liked.map((movie) => encodeURIComponent(model.names[movie])).join("|");
  try {
    history.replaceState(null, "", liked.length ? `#like=${address}` : "#");
  } catch {
    // a page without an address of its own, as in a notebook, has nothing to keep it in
  }
}

input.addEventListener("input", () => {
  [shown, active] = [match(input.value), -1];
  showOptions();
  if (input.value.trim() && !shown.length) status.textContent = "No title matches.";
});

input.addEventListener("keydown", (event) => {
  event.stopPropagation(); // a notebook takes single keys as commands
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (!shown.length) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1;
    active = (active + step + shown.length) % shown.length;
    showOptions();
  } else if (event.key === "Enter" && shown.length) {
    event.preventDefault();
    like(shown[Math.max(active, 0)]);
  } else if (event.key === "Escape") {
    close();
  }
});
input.addEventListener("blur", close);

if (location.hash.startsWith("#like=")) {
  for (const part of location.hash.slice(6).split("|")) {
    const movie = model.names.indexOf(decodeTitle(part));
    if (movie >= 0 && !liked.includes(movie)) liked.push(movie);
  }
}
showList();
