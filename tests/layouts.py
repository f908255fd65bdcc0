"""A small data set, written in each publisher's own way."""

from reelbook.data import parsing


def flags(*genres: str) -> str:
    return "|".join("1" if genre in genres else "0" for genre in parsing.GENRES_100K)


# Three movies and two users, written in each publisher's own way. Made up, but for the odd cases:
# a title without a year, trailing blanks, a note after the year, letters beyond ASCII.
GROUPLENS_100K = {
    "u.data": b"2\t1\t3\t881250949\n1\t267\t5\t881250949\n1\t3\t1\t891717742\n",
    "u.item": "\n".join(
        [
            f"1|Café Noir (1995) |01-Jan-1995||http://x|{flags('Comedy', 'Drama')}",
            f"267|unknown||||{flags('unknown')}",
            f"3|Land, The (1990) (V)|01-Jan-1990||http://x|{flags('War')}\n",
        ]
    ).encode("latin-1"),
    "u.user": b"1|24|M|technician|01002\n2|53|F|other|V3N4P\n",
}
RECBOLE_100K = {
    "ml-100k.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    + GROUPLENS_100K["u.data"],
    "ml-100k.item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tCafé Noir\t1995\tDrama Comedy\n"
        "267\tunkonwn\tunkonwn\tunknown\n"
        "3\tLand, The (1990)\tV\tWar\n"
    ).encode(),
    "ml-100k.user": b"user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    b"1\t24\tM\ttechnician\t01002\n2\t53\tF\tother\tV3N4P\n",
}
GROUPLENS_1M = {
    "ratings.dat": b"2::1::3::978300760\n1::3::5::978300760\n",
    "movies.dat": "1::Café Noir (1995)::Comedy|Drama\n3::Hill (1990)::War\n".encode("latin-1"),
    "users.dat": b"1::F::1::10::48067\n2::M::56::16::98107-2117\n",
}
