"""Small charts: figures in, a picture and its words out."""
