"""A client of hubs: anything that speaks the Hugging Face API. Calls only the endpoint it is given; knows no vault."""
