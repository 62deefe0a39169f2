// Finds a client in the list while typing; again when the list was drawn anew.
const find = document.getElementById("find");

function search() {
  const wanted = find?.value.trim().toLowerCase() ?? "";
  let found = 0;
  for (const row of document.querySelectorAll("#clients li")) {
    row.hidden = !row.dataset.find.toLowerCase().includes(wanted);
    if (!row.hidden) found++;
  }
  const nobody = document.getElementById("nobody");
  if (nobody) nobody.hidden = found > 0;
}

find?.addEventListener("input", search);
document.addEventListener("refreshed", search);
