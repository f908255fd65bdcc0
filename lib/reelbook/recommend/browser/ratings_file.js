// Reads a person's own ratings as `reelbook.recommend.ratings_file` does. Nothing is sent anywhere.

function decodeText(bytes) {
  const isWide = bytes[0] + bytes[1] === 0xff + 0xfe && Math.abs(bytes[0] - bytes[1]) === 1;
  if (isWide) return new TextDecoder(bytes[0] === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// The fields of each line; a field in quotes may hold separators, line ends and doubled quotes.
function splitRows(text, separator) {
  const [rows, quote] = [[[""]], '"'];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const [row, letter] = [rows.at(-1), text[at]];
    if (letter === quote && quoted && text[at + 1] === quote) {
      row[row.length - 1] += text[++at];
    } else if (letter === quote && (quoted || !row.at(-1))) {
      quoted = !quoted;
    } else if (quoted || (letter !== separator && letter !== "\n")) {
      row[row.length - 1] += letter;
    } else if (letter === separator) {
      row.push("");
    } else {
      rows.push([""]);
    }
  }
  return rows.filter((row) => row.length > 1 || row[0].trim());
}

// The rows by the separator that gives most of them the same number of fields.
function readRows(bytes) {
  const text = decodeText(bytes).replace(/\r\n?/g, "\n");
  const found = ["\t", ",", ";", "|"].map((separator) => {
    const rows = splitRows(text, separator);
    const counts = new Map();
    for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
    const [width, number] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [1, 0];
    return { rows: rows.filter((row) => row.length === width), width, share: number / rows.length };
  });
  return found.filter(({ width }) => width > 1).sort((a, b) => b.share - a.share || b.width - a.width)[0]?.rows ?? [];
}

const isNumber = (text) => /^\s*-?\d+([.,]\d+)?\s*$/.test(text);

// The places of the columns of titles, stars and years; of two columns by what they hold.
function findColumns(head, rows) {
  const find = (role) => model.roles[role].map((name) => head.indexOf(name)).find((at) => at >= 0);
  const [title, stars, year] = ["title", "stars", "year"].map(find);
  if (title !== undefined && stars !== undefined) return { title, stars, year };
  if (rows[0]?.length !== 2) return null;
  const countNumbers = (column) => rows.filter((row) => isNumber(row[column])).length;
  return countNumbers(0) > countNumbers(1) ? { title: 1, stars: 0 } : { title: 0, stars: 1 };
}

// What a file says: `site`, `top` (the most stars that it can give), `left` (rows without a title
// or stars) and `ratings`, each with `title` and `stars`; or `fault`.
function readRatings(bytes) {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return { fault: "This is an archive or a workbook: give the CSV file of ratings." };
  const rows = readRows(bytes);
  const hasHead = rows.length > 0 && !rows[0].some(isNumber);
  const head = hasHead ? rows.shift().map((name) => name.trim().toLowerCase()) : [];
  const columns = findColumns(head, rows);
  if (!columns) return { fault: "Which column has the titles, and which the stars? Call them title and rating in the first line." };
  const all = rows.map((row) => {
    const [title, year] = [row[columns.title].trim(), row[columns.year]?.trim()];
    const add = /^\d{4}$/.test(year) && !/ \(\d{4}\)$/.test(title);
    const stars = row[columns.stars];
    return { title: add && title ? `${title} (${year})` : title, stars: isNumber(stars) ? Number(stars.replace(",", ".")) : 0 };
  });
  const ratings = all.filter(({ title, stars }) => title && stars > 0);
  if (!ratings.length) return { fault: "No row has a title and a number of stars above 0." };
  const most = ratings.reduce((top, { stars }) => Math.max(top, stars), 0);
  const known = Object.entries(model.sites).find(([name, [, top]]) => head.includes(name) && most <= top);
  const [site, top] = known?.[1] ?? ["", model.tops.find((top) => most <= top) ?? most];
  return { site, top, ratings, left: all.length - ratings.length };
}

// The movies of these ratings, each with stars in the scale of the model, and what was not found.
function matchRatings({ ratings, top }) {
  const [found, missing] = [new Map(), []];
  for (const { title, stars } of ratings) {
    const movie = findMovie(title);
    const given = Math.min(Math.max((stars * model.scale[1]) / top, model.scale[0]), model.scale[1]);
    if (movie === undefined) missing.push(title);
    else found.set(movie, given);
  }
  return { found, missing };
}
