"""Architectures: one paper a file, generator and discriminator together.

A generator is a `ganart.networks.base.Generator`: latents [N, latent_dim] ~ N(0, I) and label weights float [N, ΣK]
(see `ganart.layers.conditioning.one_hot`; ΣK may be 0) → code → images [N, C, H, W] in [−1, 1]. A discriminator takes
images and label weights and returns a `ganart.play.DiscriminatorOutput` or bare logits, large for real; its last layer
stays in float32 under autocast (`ganart.layers.heads`). Both take `label_sizes`, the number of classes of each factor.
"""
