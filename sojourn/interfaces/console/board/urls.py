"""The addresses of the board."""

from __future__ import annotations

from django.urls import path

from sojourn.interfaces.console.board.views import board, going, seen

urlpatterns = [
    path("board/", board, name="board"),
    path("board/<int:encounter_id>/seen/", seen, name="board_seen"),
    path("board/<int:encounter_id>/going/", going, name="board_going"),
]
