// Finds movies by what a person types or another site wrote; `simplify` and `matchTitle` do what they do
// in `reelbook.data.titles`.

const OPTIONS = 8; // titles shown for what was typed

// What counts of a name: "Misérables, Les" is "les misérables!", and "&" is "and".
function simplify(name) {
  const [title, year] = splitYear(name);
  const text = turnTitle(title.replaceAll("\u2019", "'").replace(/(?=[¼-¾⅐-⅞])/gu, " ").trim())
    .normalize("NFKD").replace(/\p{M}/gu, "").replaceAll("&", " and ").toLowerCase().replaceAll("ß", "ss");
  const plain = text.replace(/[^\p{L}\p{N}]+/gu, " ").trim() || text;
  return `${plain} ${year}`.trim();
}

function splitYear(name) {
  const [, title, year] = /^(.*?)(?: \((\d{4})\))?\s*$/su.exec(name);
  return [title, year ?? ""];
}

// The article in front, where a catalogue put it behind a comma.
function turnTitle(name) {
  const [, rest, article, end] = /^(.+), ([\p{L}\p{N}_']+)( \(.*)?$/su.exec(name) ?? [];
  if (!model.articles.includes(article?.toLowerCase())) return name;
  return `${article}${article.endsWith("'") ? "" : " "}${rest}${end ?? ""}`;
}

const plain = model.names.map(simplify);
const byCount = model.names.map((_, movie) => movie).sort((a, b) => model.counts[b] - model.counts[a]);

// One id of each movie that is not liked yet, the one with most ratings.
function listUnknown() {
  const known = new Set(liked.map((movie) => model.names[movie]));
  return byCount.filter((movie) => !known.has(model.names[movie]) && known.add(model.names[movie]));
}

// The movies whose names hold what was typed, those that begin with it first.
function match(text) {
  const asked = simplify(text);
  if (!asked) return [];
  const rank = (movie) => {
    const at = plain[movie].indexOf(asked);
    if (at < 0) return -1;
    const before = plain[movie].slice(0, at);
    return !before || model.articles.includes(before.trim()) ? 0 : before.endsWith(" ") ? 1 : 2;
  };
  return listUnknown()
    .map((movie) => [rank(movie), movie])
    .filter(([place]) => place >= 0)
    .sort((a, b) => a[0] - b[0])
    .slice(0, OPTIONS)
    .map(([, movie]) => movie);
}

// The movies whose names share most pairs of letters with what was typed, at least half of them.
function listClosest(text) {
  const asked = listPairs(simplify(text));
  const likeness = (movie) => {
    const pairs = listPairs(plain[movie].replace(/ \d{4}$/, ""));
    return (2 * [...pairs].filter((pair) => asked.has(pair)).length) / (pairs.size + asked.size);
  };
  return listUnknown()
    .map((movie) => [likeness(movie), movie])
    .filter(([share]) => share >= 0.5)
    .sort((a, b) => b[0] - a[0])
    .slice(0, OPTIONS)
    .map(([, movie]) => movie);
}

const listPairs = (text) => new Set(Array.from(text.slice(1), (letter, at) => text[at] + letter));

const dropArticle = (text) => text.replace(/^(the|an?) (?=.)/u, "");

// The texts by which a movie is found, a list for each of the first five ways.
function listSpellings(name) {
  const [title, year] = splitYear(name);
  const parts = title.endsWith(")") ? title.split(/[()]/u).filter((part) => part.trim()) : [];
  const [own, ...others] = [title, ...parts].map(simplify);
  const bare = [own, ...others].map(dropArticle);
  const both = (texts) => [...texts, ...texts.map((text) => `${text} ${year}`)];
  return [
    [`${own} ${year}`.trim()], [own], both(others), both(bare),
    year && title.includes(":") ? [`${simplify(title.split(":")[0])} ${year}`] : [],
  ];
}

const levels = Array.from({ length: 5 }, () => new Map());
model.names.forEach((name, movie) => {
  listSpellings(name).forEach((texts, level) => {
    for (const text of new Set(texts)) {
      if (!levels[level].has(text)) levels[level].set(text, []);
      levels[level].get(text).push(movie);
    }
  });
});

// The movies that a title may mean, a list that may be empty.
function matchTitle(asked) {
  const [whole, undated, parts, bare, heads] = levels;
  const [title, year] = splitYear(asked);
  const [key, own] = [simplify(asked), simplify(title)];
  const without = dropArticle(own);
  const found = whole.get(key) ?? undated.get(key) ?? parts.get(key) ?? bare.get(`${without} ${year}`.trim());
  if (found || !year) return found ?? [];
  const head = simplify(title.split(/:| \(/u)[0]);
  const relatives = heads.get(key) ?? whole.get(`${head} ${year}`);
  if (relatives) return relatives;
  const places = undated.get(own) ?? parts.get(own) ?? bare.get(without) ?? [];
  const years = new Set(places.map((movie) => splitYear(model.names[movie])[1]));
  const [other] = years;
  return years.size === 1 && Math.abs((other || year) - year) <= 1 ? places : [];
}

// The movie that a title means, the id with most ratings; undefined for none, or for several movies.
function findMovie(title) {
  const places = matchTitle(title);
  if (new Set(places.map((movie) => plain[movie])).size !== 1) return undefined;
  return places.reduce((best, movie) => (model.counts[movie] > model.counts[best] ? movie : best));
}
