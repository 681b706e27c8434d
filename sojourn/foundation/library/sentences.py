"""What the audit says of this room's actions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sojourn.foundation.registry import Sentences

SENTENCES = Sentences(
    {
        "evidence.proposed": _("%(who)s proposed an entry for the library's evidence."),
        "evidence.revised": _("%(who)s rewrote an entry of the library's evidence (%(about)s)."),
        "evidence.approved": _("%(who)s approved an entry of the library's evidence (%(about)s)."),
        "evidence.withdrawn": _("%(who)s withdrew an entry of the library's evidence (%(about)s)."),
        "evidence.retracted": _("%(who)s marked an entry of the library's evidence as retracted (%(about)s)."),
        "evidence.file_taken": _("%(who)s handed over a file of citations for the library."),
        "evidence.imported": _("%(who)s took %(n)s records of a file of citations into the library."),
        "article.hidden": _("%(who)s hid an article of the library (%(slug)s)."),
        "article.shown_again": _("%(who)s showed an article of the library again (%(slug)s)."),
        "article.written": _("%(who)s wrote an article of the clinic's own (%(slug)s)."),
        "article.published": _("%(who)s published an article of the clinic's own (%(slug)s)."),
        "article.withdrawn": _("%(who)s withdrew an article of the clinic's own (%(slug)s)."),
        "article.rule_written": _("%(who)s wrote what holds in the clinic beside an article (%(slug)s)."),
    },
)
