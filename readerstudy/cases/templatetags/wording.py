"""`{{ sentence|told }}`: what a worker wrote down, in the language of who reads it."""

from django import template

from ..wording import told

register = template.Library()
register.filter("told", told)
