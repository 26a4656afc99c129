"""The commands of `lienthong`, by what they are for."""
