"""PROVISIONAL; the real router replaces this file."""
from ninja import Router
from ninja import Schema
from trajectories import documents
from trajectories.access import get_document
from trajectories.representations import document_json
from trajectories.models import Document
router = Router()
class Pasted(Schema):
    name: str
    text: str
@router.post("/documents")
def paste(request, body: Pasted):
    from django.http import JsonResponse
    return JsonResponse(document_json(documents.add_text(request.user, body.name, body.text)), status=201)
@router.get("/documents")
def many(request):
    return {"items": [document_json(d) for d in Document.objects.visible_to(request.user).listed()], "next": None}
@router.get("/documents/{id}")
def one(request, id: str):
    return document_json(get_document(request.user, id))
@router.get("/documents/{id}/text")
def text(request, id: str, start: int = 0, end: int = 100000):
    return {"start": start, "end": end, "text": documents.open_text(get_document(request.user, id)).read(start, end)}
