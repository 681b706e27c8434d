"""The addresses of what readers of the library ask and say."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.reading import views, voices

urlpatterns = [
    path("readers/", views.questions, name="reader_questions"),
    path("readers/waiting/", views.waiting, name="reader_questions_waiting"),
    path("readers/clarity/", views.clarity, name="clarity"),
    path("voices/", voices.voices, name="voices"),
    path("voices/mine/", voices.own_view, name="own_view"),
    path("voices/<int:voice_id>/", voices.voice, name="voice"),
    path("readers/<int:reader_question_id>/", views.question, name="reader_question"),
]
