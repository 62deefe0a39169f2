// Finds a client in the list while typing.
const find = document.getElementById("find");
const nobody = document.getElementById("nobody");
const rows = [...document.querySelectorAll("#clients li")].map((el) => ({ el, text: el.dataset.find.toLowerCase() }));

find?.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  let found = 0;
  for (const row of rows) {
    row.el.hidden = !row.text.includes(wanted);
    if (!row.el.hidden) found++;
  }
  nobody.hidden = found > 0;
});
