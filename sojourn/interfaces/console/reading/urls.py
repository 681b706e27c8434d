"""The addresses of what readers of the library ask and say."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.reading import views

urlpatterns = [
    path("readers/", views.questions, name="reader_questions"),
    path("readers/waiting/", views.waiting, name="reader_questions_waiting"),
    path("readers/clarity/", views.clarity, name="clarity"),
    path("readers/<int:reader_question_id>/", views.question, name="reader_question"),
]
