// Finds a client in the list while typing; again when the list was drawn anew.
function search() {
  const wanted = document.getElementById("find")?.value.trim().toLowerCase() ?? "";
  let found = 0;
  for (const row of document.querySelectorAll("#clients li")) {
    row.hidden = !row.dataset.find.toLowerCase().includes(wanted);
    if (!row.hidden) found++;
  }
  const nobody = document.getElementById("nobody");
  if (nobody) nobody.hidden = found > 0;
}

document.addEventListener("input", (e) => { if (e.target.id === "find") search(); });
document.addEventListener("refreshed", search);
