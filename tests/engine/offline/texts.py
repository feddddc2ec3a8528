"""Small texts of our own to ask about."""

MANUAL = """Lighthouse Keeper's Manual
**************************

This manual is for the keepers of the harbour light. It was written for people who like it short.

1. The lamp
***********

The lamp burns from dusk to dawn. A *lamp glass* is a cylinder that keeps the wind from the flame. Clean the lamp
glass every morning, because soot takes a third of the light. Spare glasses are kept in the cellar.

1.1. Fuel
=========

The lamp uses colza oil. The keeper must order new oil before the barrel is half empty. Mr. Hollis, who supplies the
oil, needs nine days to deliver it. He delivered oil for the first time on 3 May 1871.

1.2. Tools
==========

The keeper needs these tools:

* a wick trimmer
* a funnel with a fine sieve
* two linen cloths

2. Storms
*********

The storm bell is rung when the wind is stronger than force eight. Unlike the lamp, the storm bell works by day, too.
The fog horn is blown when the island cannot be seen, but the storm bell is never rung in fog.

Beacon
   A fire on the hill above the harbour. It was replaced by the lamp.

Pharology
   The study of lighthouses. Few keepers know the word.
"""

LETTERS = """Dear Agnes,

the storm took the roof of the boat house on Tuesday. Your brother Edwin was made keeper in 1902 and lives alone.
He has trained a seal named Gregor to bring him the post. The seal will not work on Sundays.

Yours, Matilda
"""

GERMAN = """Der Leuchtturm steht auf einer Insel. Die Lampe brennt mit Rapsöl. Der Wärter heißt Johann und spielt Geige.
Im Winter kommt das Postschiff nur einmal im Monat."""

CHINESE = """灯塔建于一八七一年。守塔人每天早上清洁灯罩。油由霍利斯先生供应。雾天不敲钟。"""
