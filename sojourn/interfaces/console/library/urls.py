"""The addresses of the library's pages: its articles, its evidence, its files of citations."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.library import articles, evidence, files

urlpatterns = [
    path("library/", articles.every, name="library"),
    path("library/ours/<slug:slug>/", articles.ours, name="library_ours"),
    path("library/own/new/", articles.new, name="library_own_new"),
    path("library/own/<int:article_id>/", articles.own, name="library_own"),
    path("library/own/<int:article_id>/publish/", articles.publish, name="library_own_publish"),
    path("library/own/<int:article_id>/withdraw/", articles.withdraw, name="library_own_withdraw"),
    path("library/evidence/", evidence.every, name="library_evidence"),
    path("library/evidence/new/", evidence.new, name="library_entry_new"),
    path("library/evidence/<int:evidence_id>/", evidence.entry, name="library_entry"),
    path("library/evidence/<int:evidence_id>/approve/", evidence.approve, name="library_entry_approve"),
    path("library/evidence/<int:evidence_id>/end/", evidence.end, name="library_entry_end"),
    path("library/files/", files.every, name="library_files"),
    path("library/files/<int:import_id>/", files.one, name="library_file"),
    path("library/files/<int:import_id>/progress/", files.progress, name="library_file_progress"),
]
