// Hands the plots of the report, which are values, to Chart.js.
"use strict";
const INK = "#10232a", SOFT = "#47595f", LINE = "#e2e8ea";
const SINGLE = ["#0b5d68", "#b0571a"], BOTH = ["#5a3a9c", "#a3156a"];
const OWN = ["#e2a400", "#ffffff"];
const WAYS = { "r1-32b": "#8cc5c9", "r1-70b": "#3d8f98", "r1-671b": "#07434b", "second opinion": "#8a6bcb", refused: "#b3161f" };
const MARKS = { steady: "#8cc5c9", moved: "#d99a1c", shifted: "#b3161f" };
const percent = (value) => `${Number((100 * value).toFixed(1))} %`;

Chart.defaults.font.family = "system-ui, sans-serif";
Chart.defaults.font.size = 13;
Chart.defaults.color = SOFT;
Chart.defaults.borderColor = LINE;
Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.plugins.legend.position = "bottom";
Chart.defaults.plugins.legend.labels.usePointStyle = true;
Chart.defaults.plugins.legend.labels.boxHeight = 7;

const axis = (text, more = {}) => ({ title: { display: true, text, color: INK }, ...more });
const share = (text, more = {}) => axis(text, { ticks: { callback: percent, maxRotation: 0 }, ...more });

function look(role) {
  const [kind, place] = role.split("-");
  if (kind === "mix") return { borderColor: SOFT, borderDash: [4, 4], borderWidth: 1.5, pointRadius: 0, pointStyle: "line" };
  if (kind === "reference") return { backgroundColor: SOFT, borderColor: SOFT, pointStyle: "rectRot", pointRadius: 6 };
  const color = (kind === "single" ? SINGLE : BOTH)[place];
  if (kind === "faint") return { backgroundColor: `${BOTH[place]}38`, borderColor: "transparent", pointRadius: 3 };
  if (kind === "own") return { backgroundColor: OWN[place], borderColor: INK, borderWidth: 2, pointRadius: 8, pointHoverRadius: 9 };
  return { backgroundColor: color, borderColor: color, borderWidth: 2.5, pointRadius: 3 };
}

const names = {
  id: "names",
  afterDatasetsDraw(chart) {
    chart.data.datasets.forEach((set, index) => {
      const [point] = chart.getDatasetMeta(index).data;
      if (!set.named || !point || !chart.isDatasetVisible(index)) return;
      const right = point.x > chart.chartArea.right - 160;
      const place = [set.label, point.x + (right ? -6 : 10), point.y + 20];
      chart.ctx.save();
      Object.assign(chart.ctx, { font: "12px system-ui", fillStyle: INK, strokeStyle: "#fff", lineWidth: 4, lineJoin: "round", textAlign: right ? "right" : "left" });
      chart.ctx.strokeText(...place);
      chart.ctx.fillText(...place);
      chart.ctx.restore();
    });
  },
};

function curve(plot) {
  const datasets = plot.series.filter((one) => one.points.length).map((one) => ({
    label: one.name, data: one.points, showLine: one.line, named: one.role === "reference", order: one.role.startsWith("own") ? 0 : 1, ...look(one.role),
  }));
  const tooltip = { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: gap ${(100 * raw.y).toFixed(1)} %, ${plot.percent ? percent(raw.x) : raw.x.toFixed(2)}${raw.said ? ` (${raw.said})` : ""}` } };
  const legend = { labels: { usePointStyle: true, filter: ({ datasetIndex }) => !datasets[datasetIndex].named } };
  const scales = { x: plot.percent ? share(plot.x, { min: 0 }) : axis(plot.x), y: share(plot.y) };
  return { type: "scatter", data: { datasets }, options: { scales, plugins: { tooltip, legend }, layout: { padding: { top: 10, right: 14 } } }, plugins: [names] };
}

function reliability(plot) {
  const most = Math.max(...plot.points.map((one) => one.count));
  const radius = plot.points.map((one) => 4 + 14 * Math.sqrt(one.count / most));
  const end = Math.min(1, Math.ceil(Math.max(...plot.points.flatMap((one) => [one.x, one.y])) * 11) / 10);
  const datasets = [
    { label: "bins; larger: more questions", data: plot.points, pointRadius: radius, pointHoverRadius: radius, backgroundColor: `${SINGLE[0]}b0`, borderColor: SINGLE[0] },
    { label: "as true as said", data: [{ x: 0, y: 0 }, { x: end, y: end }], showLine: true, ...look("mix") },
  ];
  const tooltip = { callbacks: { label: ({ raw }) => `said ${percent(raw.x)}, came true ${percent(raw.y)}, ${raw.count ?? ""} questions` } };
  const scales = { x: share(plot.x, { min: 0, max: end }), y: share(plot.y, { min: 0, max: end }) };
  return { type: "scatter", data: { datasets }, options: { scales, plugins: { tooltip } } };
}

const shareTip = { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${(100 * raw).toFixed(1)} %` } };

function stack(plot) {
  const datasets = plot.series.map((one) => ({ label: one.name, data: one.values, backgroundColor: WAYS[one.name] }));
  const scales = { x: share(plot.x, { stacked: true, min: 0, max: 1 }), y: { stacked: true, grid: { display: false } } };
  return { type: "bar", data: { labels: plot.labels, datasets }, options: { indexAxis: "y", scales, plugins: { tooltip: shareTip } } };
}

function bars(plot) {
  const datasets = plot.series.map((one, index) => ({ label: one.name, data: one.values, backgroundColor: SINGLE[index] }));
  const scales = { x: share(plot.x, { min: 0, max: 1 }), y: { grid: { display: false } } };
  const legend = { display: datasets.length > 1 };
  return { type: "bar", data: { labels: plot.labels, datasets }, options: { indexAxis: "y", scales, plugins: { tooltip: shareTip, legend } } };
}

function drift(plot) {
  const datasets = [{ label: plot.x, data: plot.values, backgroundColor: plot.marks.map((mark) => MARKS[mark]) }];
  // The grid has a line at each mark and nowhere else.
  const marks = (scale) => { scale.ticks = [0, 0.1, 0.25, 0.5, 1, 2].filter((value) => value <= scale.max).map((value) => ({ value })); };
  const scales = { x: axis(`${plot.x}; lines at 0.1 and 0.25`, { min: 0, suggestedMax: 0.3, afterBuildTicks: marks, ticks: { callback: String }, grid: { color: SOFT } }), y: { grid: { display: false }, ticks: { autoSkip: false } } };
  return { type: "bar", data: { labels: plot.labels, datasets }, options: { indexAxis: "y", scales, plugins: { legend: { display: false } } } };
}

const KINDS = { curve, reliability, stack, bars, drift };
const plots = JSON.parse(document.getElementById("plots").textContent);
for (const canvas of document.querySelectorAll("canvas[data-plot]")) {
  const plot = plots[canvas.dataset.plot];
  new Chart(canvas, KINDS[plot.kind](plot));
}
