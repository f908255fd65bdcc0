// Computes the printed figures again from the rows that the page carries, as `reelbook.metrics` does.
// `runs` is what `reelbook.report.recheck.make_check` gives.
const K = 10; // the length of the lists
const TOLERANCE = 0.000001; // half a unit of the last printed digit, and what packing costs

async function inflate(text, Type) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Type(await new Response(stream).arrayBuffer());
}

// sqrt(mean (r - p)^2), of given stars r and predicted ones p
async function computeRmse(run) {
  const stars = await inflate(run.stars, Float32Array);
  const steps = await inflate(run.predictions, Int32Array);
  let [place, sum] = [0, 0];
  for (let row = 0; row < stars.length; row++) {
    place += steps[row];
    sum += (stars[row] - (run.least + place * run.step)) ** 2;
  }
  return Math.sqrt(sum / stars.length);
}

// The mean over users of sum_{r_j <= k} 1 / log2(1 + r_j)  /  sum_{j <= min(k, |R_u|)} 1 / log2(1 + j)
async function computeNdcg(run) {
  const sizes = await inflate(run.sizes, Int32Array);
  const ranks = await inflate(run.ranks, Int32Array);
  let [start, sum] = [0, 0];
  for (const size of sizes) {
    let [gain, ideal] = [0, 0];
    for (let j = 1; j <= size; j++) {
      const rank = ranks[start + j - 1];
      if (rank <= K) gain += 1 / Math.log2(1 + rank);
      if (j <= K) ideal += 1 / Math.log2(1 + j);
    }
    sum += gain / ideal;
    start += size;
  }
  return sum / sizes.length;
}

const box = document.getElementById("rb-check");
const button = box.querySelector("button");
const status = box.querySelector("[role=status]");
const rows = box.querySelectorAll("tbody tr"); // in this order, however the reader sorts them

async function check() {
  button.disabled = true;
  let same = 0;
  for (const [place, run] of runs.entries()) {
    status.textContent = `Computing ${place + 1} of ${runs.length}`;
    const found = await (run.stars ? computeRmse(run) : computeNdcg(run));
    const [printed, cell] = [...rows[place].cells].slice(-2);
    const agrees = Math.abs(found - printed.textContent) < TOLERANCE;
    same += agrees;
    cell.textContent = `${found.toFixed(6)} ${agrees ? "✓" : "✗"}`;
  }
  status.textContent = `${same} of ${runs.length} agree with the printed figures to within ${TOLERANCE}.`;
  button.disabled = false;
}

if (typeof DecompressionStream === "undefined") {
  status.textContent = "This browser is too old: it cannot unpack the predictions.";
} else {
  button.disabled = false;
  status.textContent = "Nothing is computed yet.";
  button.addEventListener("click", check);
  box.addEventListener("keydown", (event) => event.stopPropagation()); // a notebook takes keys as commands
}
