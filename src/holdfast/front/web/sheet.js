// What a page of figures does besides being read: its figures as a file, and everything open on paper.

function download() {
  const button = byId("download");
  const figures = JSON.parse(document.querySelector('script[type="application/json"]').textContent);
  const made = URL.createObjectURL(new Blob([JSON.stringify(figures, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = made;
  link.download = button.dataset.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(made), 1000);
}

// On paper everything is open: there is nobody to press. Afterwards it is as it was.
let opened = [];

function openAll() {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const part of opened) part.open = true;
}

function closeAgain() {
  for (const part of opened) part.open = false;
}

byId("download").addEventListener("click", download);
byId("download").hidden = false;
addEventListener("beforeprint", openAll);
addEventListener("afterprint", closeAgain);
