"""Files of citations: handed over, read by a job, and what became of each record."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from sojourn.foundation.accounts.access import Request
from sojourn.foundation.library import import_actions, queries
from sojourn.foundation.library.models import ImportProgress, NoteKind
from sojourn.interfaces.console.library.forms import FileForm
from sojourn.interfaces.console.library.presenters import note_rows, progress_row
from sojourn.interfaces.shared.pages import FORM, ClinicPage, clinic_page, form_action, opens

SHOWN = 100


@clinic_page("library.edit", methods=FORM)
def every(request: Request, scope: ClinicPage) -> HttpResponse:
    """The files that were handed over, and a form for the next one."""

    def act(form: FileForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        taken = import_actions.hand_over(by=scope.actor, name=file.name, chunks=file.chunks())
        messages.success(request, _("We have the file and are reading it. You may leave this page."))
        return redirect("console:library_file", taken.pk)

    def show(form: FileForm, status: int) -> HttpResponse:
        context = {"form": form, "files": [progress_row(each.progress) for each in queries.imports()]}
        return render(request, "console/library/files.html", context, status=status)

    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    return form_action(form, act, show, fields=dict.fromkeys(("packed", "no-format", "too-large"), "file"))


def _progress(_scope: ClinicPage, import_id: int) -> ImportProgress:
    return queries.progress(import_id)


@clinic_page("library.edit")
@opens(_progress)
def one(request: Request, scope: ClinicPage, moved: ImportProgress) -> HttpResponse:
    """How far a file has been read, and every record of it that was not taken, with what is wrong."""
    kind = NoteKind(request.GET["kind"]) if request.GET.get("kind") in NoteKind.values else NoteKind.REFUSED
    after = request.GET.get("after", "")
    found = queries.notes(moved.of, kind, int(after) if after.isdecimal() and len(after) < 18 else 0, SHOWN)
    context = {
        "row": progress_row(moved),
        "kinds": [(each.value, each.label, each == kind) for each in NoteKind],
        "kind": kind.value,
        "notes": note_rows(found),
        "next": found[-1].pk if len(found) == SHOWN else None,
    }
    return render(request, "console/library/file.html", context)


@clinic_page("library.edit")
@opens(_progress)
def progress(request: Request, scope: ClinicPage, moved: ImportProgress) -> HttpResponse:
    """The same, for the page that waits."""
    return render(request, "console/library/_progress.html", {"row": progress_row(moved)})
