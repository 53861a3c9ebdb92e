"""Architectures: one paper a file, generator and discriminator together.

A generator takes latents [N, latent_dim] ~ N(0, I) and labels int64 [N, F] (one column per factor it is conditioned on,
−1 for unknown, F may be 0) and returns images [N, C, H, W] in [−1, 1]. A discriminator takes images and labels and
returns logits [N], large for real; its last layer is a `ganart.layers.conditioning.discriminator_head`, which stays in
float32 under autocast. Both are built with `label_sizes`, the number of classes of each factor.
"""
