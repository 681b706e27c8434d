// <button data-dialog-open="id"> opens a <dialog>; data-dialog-close closes the one around it.
document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialogOpen ?? "");
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  if (target.closest("[data-dialog-close]")) {
    const dialog = target.closest("dialog");
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
    return;
  }
  const printer = target.closest("[data-print]");
  if (printer) window.print();
  const toast = target.closest("[data-toast-close]");
  if (toast) toast.closest("[data-toast]")?.remove();
});
