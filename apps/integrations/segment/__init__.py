"""The dialect of Segment's SDKs: how a body is read, and what a message means. No database here."""
