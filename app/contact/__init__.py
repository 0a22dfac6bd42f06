"""The one gate: may this person be contacted now, on this channel, at this number?"""
