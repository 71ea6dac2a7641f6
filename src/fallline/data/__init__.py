"""Rows of data: arrays, tables and files, all of which become numbered blocks of rows."""
