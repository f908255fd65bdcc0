// Recommends in the browser what `reelbook.recommend.recommender.recommend` does in Python, from the same
// weights in fewer bytes. `model` is what `reelbook.recommend.page.pack_model` gives.
const LENGTH = 10; // of the list

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
const liked = []; // places of movies
const given = new Map(); // the stars of those that have some; the others count as `model.liked`

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
    stars += multiply(getVector(other), solved) * ((given.get(other) ?? model.liked) - base[other]);
  }
  return { stars, deviation: Math.sqrt(model.noise * (1 + multiply(v, solved)) + doubt[movie]) };
}

// What the liked movies pull a movie with: pairs of a name and its share, the largest first.
function findPulls(movie) {
  const sums = new Map(); // the ids of one movie pull together
  for (const other of liked) {
    const [name, weight] = [model.names[other], getWeight(other, movie)];
    if (weight > 0) sums.set(name, (sums.get(name) ?? 0) + weight);
  }
  const total = [...sums.values()].reduce((sum, weight) => sum + weight, 0);
  return [...sums].map(([name, weight]) => [name, weight / total]).sort((a, b) => b[1] - a[1]);
}

function formatPulls(pulls) {
  return pulls
    .slice(0, 3)
    .map(([name, share]) => `${name} (${(100 * share).toFixed(share >= 0.01 ? 0 : 1)}%)`)
    .join(", ");
}

// Values less their mean, by their deviation; 0 where all are equal.
function standardise(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / values.length);
  const flat = deviation <= 1e-9 * Math.max(...values.map(Math.abs));
  return values.map((value) => (flat ? 0 : (value - mean) / deviation));
}

// Candidates by score and stars together; where all scores are equal, as they are.
function orderCandidates(found) {
  if (found.every((movie) => movie.score === found[0].score)) return found;
  const byScore = standardise(found.map((movie) => movie.score));
  const byStars = standardise(found.map((movie) => movie.stars));
  const value = (i) => (1 - model.taste_weight) * byScore[i] + model.taste_weight * byStars[i];
  const order = found.map((_, i) => i).sort((a, b) => value(b) - value(a) || a - b);
  return order.map((i) => found[i]);
}

function recommend() {
  const scores = computeScores();
  const inverse = invertInner();
  const clip = (stars) => Math.min(Math.max(stars, model.scale[0]), model.scale[1]);
  const known = new Set(liked.map((movie) => model.names[movie])); // whichever of its ids was liked
  const candidates = model.names
    .map((_, movie) => movie)
    .sort((a, b) => scores[b] - scores[a] || model.counts[b] - model.counts[a] || a - b)
    .filter((movie) => !known.has(model.names[movie]) && known.add(model.names[movie]))
    .slice(0, Math.max(LENGTH, model.candidates))
    .map((movie) => {
      const { stars, deviation } = expectStars(movie, inverse);
      return { movie, score: scores[movie], stars: clip(stars), deviation };
    });
  return orderCandidates(candidates)
    .slice(0, LENGTH)
    .map(({ movie, stars, deviation }) => {
      const pulls = findPulls(movie);
      return {
        name: model.names[movie],
        stars,
        low: clip(stars - model.reach * deviation),
        high: clip(stars + model.reach * deviation),
        why: liked.some((other) => getWeight(other, movie))
          ? pulls.length && `because of ${formatPulls(pulls)}`
          : model.popular,
      };
    });
}
